from lcmemlint.link.project import Project, link
__all__ = ["Project", "link"]
